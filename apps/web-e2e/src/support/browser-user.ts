import { ChatClient } from '@chat/client';
import { PASSWORD } from '@chat/testing';
import { randomUUID } from 'node:crypto';
import type {
  Browser,
  BrowserContext,
  BrowserContextOptions,
  Locator,
  Page,
} from 'playwright-core';

interface Account {
  readonly username: string;
  readonly email: string;
}

/** Returns an account that is unique across all tests. */
function newAccount(name: string): Account {
  const id = randomUUID().slice(0, 8);
  return { username: `${name}-${id}`, email: `user-${id}@example.com` };
}

/** Errors that a browser logs while the server is down. */
const CONNECTION_ERRORS =
  /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket connection/;

/** A user with a separate browser profile who operates the page through its visible controls. */
export class BrowserUser {
  /** Errors and warnings in the browser console, including content security policy violations. */
  readonly consoleErrors: string[] = [];
  readonly #allowedErrors: RegExp[] = [];

  private constructor(
    private readonly account: Account,
    readonly context: BrowserContext,
    private readonly url: string,
    public page: Page,
  ) {
    this.#listen();
  }

  static openPage(
    browser: Browser,
    url: string,
    name: string,
    options?: BrowserContextOptions,
  ): Promise<BrowserUser> {
    return BrowserUser.#openPageAs(newAccount(name), browser, url, options);
  }

  static async #openPageAs(
    account: Account,
    browser: Browser,
    url: string,
    options: BrowserContextOptions = {},
  ): Promise<BrowserUser> {
    const context = await browser.newContext({
      viewport: { width: 1200, height: 800 },
      ...options,
    });
    context.setDefaultTimeout(15_000);
    const user = new BrowserUser(account, context, url, await context.newPage());
    await user.open('/');
    return user;
  }

  get username(): string {
    return this.account.username;
  }

  get email(): string {
    return this.account.email;
  }

  /** Ignores matching errors and warnings in the browser console, which the test provokes. */
  allowConsoleError(pattern: RegExp): void {
    this.#allowedErrors.push(pattern);
  }

  /** Ignores the errors in the browser console of a test that stops the server. */
  allowConnectionErrors(): void {
    this.allowConsoleError(CONNECTION_ERRORS);
  }

  async open(path: string): Promise<void> {
    await this.page.goto(this.url + path);
  }

  async signUp(): Promise<void> {
    await this.page.getByRole('button', { name: 'Create an account' }).click();
    await this.page.getByLabel('Email').fill(this.email);
    await this.page.getByLabel('Username').fill(this.username);
    await this.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await this.page.getByRole('button', { name: 'Create account' }).click();
    await this.page.getByRole('heading', { name: 'Rooms', exact: true }).waitFor();
  }

  /** Signs in as this user in a separate browser profile: another device of the user. */
  async onAnotherDevice(browser: Browser): Promise<BrowserUser> {
    const device = await BrowserUser.#openPageAs(this.account, browser, this.url);
    await device.page.getByLabel('Email').fill(this.email);
    await device.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await device.page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await device.page.getByRole('heading', { name: 'Rooms', exact: true }).waitFor();
    return device;
  }

  /** Closes the tab; the browser profile retains its storage. */
  async closeTab(): Promise<void> {
    await this.page.close();
  }

  async openTab(path: string): Promise<void> {
    this.page = await this.context.newPage();
    this.#listen();
    await this.open(path);
  }

  async close(): Promise<void> {
    await this.context.close();
  }

  get composer(): Locator {
    return this.page.getByRole('textbox', { name: /^Message to/ });
  }

  async write(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.page.keyboard.press('Enter');
  }

  async enterRoom(name: string): Promise<void> {
    await this.roomLink(name).click();
    await this.page.getByRole('heading', { level: 2, name }).waitFor();
  }

  async createPrivateRoom(name: string): Promise<void> {
    await this.page.getByRole('button', { name: 'New room' }).click();
    await this.page.getByRole('dialog').getByText('Private', { exact: true }).click();
    await this.page.getByLabel('Name', { exact: true }).fill(name);
    await this.page.getByRole('button', { name: 'Create room' }).click();
    await this.page.getByRole('heading', { level: 2, name }).waitFor();
  }

  /** Creates a private room with another member. */
  async createRoomWith(member: BrowserUser, name: string): Promise<void> {
    await this.createPrivateRoom(name);
    await this.openMembers();
    await this.addMember(member.username);
    await this.page.getByRole('button', { name: 'Close' }).click();
  }

  /** Opens the dialog with the members of the current room. */
  async openMembers(): Promise<void> {
    await this.page.getByRole('button', { name: 'Members and settings' }).click();
  }

  /** Adds a user in the dialog with the members. */
  async addMember(username: string): Promise<void> {
    await this.page.getByLabel('Add people').fill(username.slice(0, -2));
    await this.page.getByRole('button', { name: `Add ${username}` }).click();
    await this.memberRow(username).waitFor();
  }

  /** Shows the actions on a member in the dialog with the members. */
  async openActions(username: string): Promise<void> {
    await this.page.getByRole('button', { name: `Actions for ${username}` }).click();
  }

  /** Returns the row of a member in the dialog with the members. */
  memberRow(username: string): Locator {
    return this.page
      .getByRole('list', { name: 'Members' })
      .getByRole('listitem')
      .filter({ has: this.page.getByText(username, { exact: true }) });
  }

  /** Returns the link of a room in the list of rooms. */
  roomLink(name: string): Locator {
    return this.page.getByRole('navigation').getByRole('link', { name });
  }

  /** Waits until the list shows this number of unread messages for a room; 0 for no number. */
  async waitForUnread(room: string, count: number, timeout = 15_000): Promise<void> {
    const badge = this.roomLink(room).getByText(count === 0 ? / unread$/ : `${count} unread`);
    await badge.waitFor({ state: count === 0 ? 'detached' : 'attached', timeout });
  }

  /** Returns the rows of the message list that show this text. */
  rows(text: string): Locator {
    return this.page
      .getByRole('region', { name: 'Messages' })
      .getByRole('listitem')
      .filter({ has: this.page.getByText(text, { exact: true }) });
  }

  /** Waits until a row of the message list shows this text. */
  async waitForMessage(text: string): Promise<void> {
    await this.rows(text).first().waitFor();
  }

  /** Waits until one of the user's own messages shows this delivery status. */
  async waitForStatus(text: string, status: 'Waiting to be sent' | 'Sent'): Promise<void> {
    await this.rows(text).getByTitle(status, { exact: true }).waitFor();
  }

  /** Opens the menu of the message with this text; returns it. */
  async openMenu(text: string): Promise<Locator> {
    await this.rows(text).getByRole('article').hover();
    await this.rows(text)
      .getByRole('button', { name: /^Actions for message/ })
      .click();
    return this.page.getByRole('dialog', { name: 'Message actions' });
  }

  /** Replaces the text of one of the user's own messages with the editor in its place. */
  async editMessage(text: string, edited: string): Promise<void> {
    const menu = await this.openMenu(text);
    await menu.getByRole('button', { name: 'Edit message' }).click();
    await this.editor.fill(edited);
    await this.page.keyboard.press('Enter');
  }

  async deleteMessage(text: string): Promise<void> {
    const menu = await this.openMenu(text);
    await menu.getByRole('button', { name: 'Delete message' }).click();
    await menu.getByRole('button', { name: 'Delete', exact: true }).click();
  }

  /** Field in which a message is edited. */
  get editor(): Locator {
    return this.page.getByRole('textbox', { name: 'Edited text' });
  }

  /** Returns the reaction to the message with this text whose label this is. */
  reaction(text: string, label: string | RegExp): Locator {
    return this.rows(text).getByRole('button', { name: label, exact: true });
  }

  /** Revokes this browser's session from another client. */
  async revokeSession(): Promise<void> {
    const client = new ChatClient({ url: this.url });
    await client.session.login({ email: this.email, password: PASSWORD });
    const sessions = await client.rest.sessions();
    for (const { id, current } of sessions) if (!current) await client.rest.revokeSession(id);
    client.close();
  }

  /** Returns whether the page can be scrolled horizontally. */
  async scrollsHorizontally(): Promise<boolean> {
    return this.page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  }

  #listen(): void {
    this.page.on('console', (message) => {
      const isProblem = message.type() === 'error' || message.type() === 'warning';
      const allowed = this.#allowedErrors.some((pattern) => pattern.test(message.text()));
      if (isProblem && !allowed) this.consoleErrors.push(message.text());
    });
    this.page.on('pageerror', (error) => this.consoleErrors.push(String(error.stack)));
  }
}
